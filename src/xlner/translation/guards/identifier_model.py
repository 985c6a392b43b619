"""The model of py3langid, unpacked once into the cache folder and mapped into memory from there.

The package has it in a compressed file, which takes half a second and 70 MB to read.
"""

from __future__ import annotations

import hashlib
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from xlner.core.files import cached_folder
from xlner.models.cache import cache_dir

_ARRAYS = {
    "table": "nb_ptc",
    "priors": "nb_pc",
    "classes": "nb_classes",
    "moves": "tk_nextmove",
    "rows": "tk_row",
    "outputs": "tk_output",
}
"""The files of the folder, and the attributes of the identifier that they hold."""


def load_identifier() -> Any:
    """The identifier of py3langid. The first call on a machine unpacks it, if the cache folder can be written.

    >>> load_identifier().classify("A choiva non para en toda a noite.")[0]
    'gl'
    """
    from py3langid import langid

    packed = Path(langid.MODEL_DIR) / langid.MODEL_FILE
    try:
        with packed.open("rb") as stream:  # 4.6 MB: all environments of a user share what is unpacked
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        folder = cache_dir() / f"py3langid-{version('py3langid')}-{digest[:12]}"
        return _mapped(cached_folder(folder, _unpack))
    except (OSError, AttributeError):  # no cache, or a version with other attributes
        return langid.LanguageIdentifier.from_model_file(packed)
    except (EOFError, TypeError, ValueError):  # damaged
        shutil.rmtree(folder, ignore_errors=True)
        return langid.LanguageIdentifier.from_model_file(packed)


def _unpack(folder: Path) -> None:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    for name, attribute in _ARRAYS.items():
        np.save(folder / f"{name}.npy", np.asarray(getattr(identifier, attribute)), allow_pickle=False)


def _mapped(folder: Path) -> Any:
    from py3langid.langid import LanguageIdentifier

    table, priors, classes, moves, rows, outputs = (
        np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in _ARRAYS
    )
    return LanguageIdentifier(
        np.asarray(table),
        np.asarray(priors),
        classes.tolist(),
        memoryview(moves),  # its elements are read one by one
        outputs.tolist(),
        tk_row=rows.tolist(),
    )
