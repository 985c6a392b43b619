"""`xlner encoder`: export encoders."""

from __future__ import annotations

import click

from xlner.cli.notes import note


@click.group()
def encoder() -> None:
    """Export the offline encoder."""


@encoder.command()
@click.argument("folder", metavar="DIR")
@click.option("--overwrite", is_flag=True, help="Replace DIR if it exists.")
def export(folder: str, overwrite: bool) -> int:
    """Write the offline encoder as a Hugging Face folder.

    The folder has 490 MB. AutoModel and AutoTokenizer load it, and so do the aligner hf and xlner train-aligner.

    \b
    xlner encoder export e5
    xlner align en.txt es.txt --aligner "hf:e5?layer=7&prefix=query:"
    """
    from xlner.models.e5.export import export_e5

    export_e5(folder, overwrite=overwrite)
    note(f"wrote the encoder to {folder}")
    return 0
