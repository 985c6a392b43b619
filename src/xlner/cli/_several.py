"""Several sources from the command line: one pipeline for each, and one projector for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xlner.cli._parallel import parallel
from xlner.core.files import STANDARD_STREAM
from xlner.core.pair import Pair
from xlner.errors import InputError, UnknownNameError, ValidationError
from xlner.formats import ReadReport, format_of, read_alignments, read_sentences

if TYPE_CHECKING:
    from xlner.pipeline import Pipeline

Group = tuple[Pair, ...]
ALSO = "also"
"""The field of a sentence in JSONL that holds the other sources, their links and outcomes."""
_SAME_AS_SEVERAL = {"greedy": "multi-source?matcher=greedy", "exact": "multi-source"}


def multi_source_spec(spec: str) -> str:
    """The projector for several sources that a spec stands for.

    >>> multi_source_spec("greedy"), multi_source_spec("multi-source?combine=mean")
    ('multi-source?matcher=greedy', 'multi-source?combine=mean')
    """
    return _SAME_AS_SEVERAL.get(spec, spec)


class MultiSourcePipeline:
    """Pipelines without a projector, one for each source, and the projector that gets what all of them made.

    A group of which any pair has an error comes out as a pair with that error. Raises `UnknownNameError` for a
    projector that takes one source only, `ValidationError` for one that has weights for another number of sources.
    """

    def __init__(self, pipelines: Sequence[Pipeline], projector: Any) -> None:
        if not hasattr(projector, "project_groups"):
            raise UnknownNameError(
                "this projector takes one source", hint="with --also-source use several, exact or greedy"
            )
        weights = getattr(projector, "source_weights", None)
        if weights is not None and len(weights) != len(pipelines):
            raise ValidationError(f"{len(weights)} weights for {len(pipelines)} sources")
        self.pipelines = pipelines
        self.projector = projector

    @property
    def fingerprint(self) -> str:
        """What the results depend on."""
        return " & ".join([*(p.fingerprint for p in self.pipelines), self.projector.fingerprint])

    @property
    def labels(self) -> Counter[str]:
        """The labels of all source entities so far, ignored ones included."""
        return sum((p.labels for p in self.pipelines), Counter())

    def run_pairs(self, groups: Iterable[Group | InputError]) -> Iterator[Pair]:
        """One pair for each group, in order: the one with the first source, the others in its `also` field."""
        from xlner.pipeline.isolation import windows

        for window in windows(groups, self.pipelines[0].window):
            of_source = zip(*(g if isinstance(g, tuple) else (g,) * len(self.pipelines) for g in window), strict=True)
            done = [p.run_pairs(pairs) for p, pairs in zip(self.pipelines, of_source, strict=True)]
            yield from map(self._project, zip(*done, strict=True))

    def _project(self, group: tuple[Pair, ...]) -> Pair:
        failed = next(((k, p.error) for k, p in enumerate(group, start=1) if p.error is not None), None)
        if failed is not None:
            return replace(group[0], error=failed[1] if failed[0] == 1 else f"source {failed[0]}: {failed[1]}")
        ready = [_with_links(pair) for pair in group]
        try:
            (made,) = self.projector.project_groups([ready])
        except ValidationError as error:
            return replace(group[0], error=f"projector: {error}")
        others = [replace(p, projection=m) for p, m in zip(ready[1:], made[1:], strict=True)]
        return _with_others(replace(ready[0], projection=made[0]), others)


def _with_links(pair: Pair) -> Pair:
    """A pair that a pipeline did not align, for it has no entities, with no links."""
    from xlner.core.alignment import Alignment

    without = pair.alignment is None and pair.source is not None and not pair.source.entities
    return replace(pair, alignment=Alignment(())) if without else pair


def _with_others(pair: Pair, others: Sequence[Pair]) -> Pair:
    from xlner.formats.jsonl import source_record

    assert pair.projection is not None
    meta = {**pair.target.meta, ALSO: [source_record(other) for other in others]}
    labeled = replace(pair.projection.sentence, meta=meta)
    return replace(pair, target=replace(pair.target, meta=meta), projection=replace(pair.projection, sentence=labeled))


def multi_source_pipeline(first: Pipeline, options: Mapping[str, Any]) -> MultiSourcePipeline:
    """The pipeline of the first source, one like it for each other source, and the projector that the options name."""
    from xlner.cli._confidence import read_calibration
    from xlner.core.registry import load
    from xlner.pipeline import Pipeline

    others = [
        Pipeline(
            None,
            first.recognizer,
            first.aligner,
            None,
            target_lang=first.target_lang,
            source_lang=lang or first.source_lang,
            ignore=first.ignore,
            window=first.window,
            batch_words=first.batch_words,
        )
        for lang in options["also_lang"] or ("",) * len(options["also_source"])
    ]
    several = MultiSourcePipeline([first, *others], load("projector", multi_source_spec(options["projector"])))
    several.projector.calibration = read_calibration(options["calibration"])
    several.projector.min_confidence = options["min_confidence"]
    return several


def also_groups(
    first: Iterable[Pair | InputError], target: str, options: Mapping[str, Any], reports: dict[str, ReadReport]
) -> Iterator[Group | InputError]:
    """Groups of the pairs of the first source and of those that the options name besides.

    Raises `InputError` where a file ends before another, `UnknownNameError` where there are other numbers of files of
    links, or of languages, than of sources.
    """
    sources, links, langs = options["also_source"], options["also_alignment"], options["also_lang"]
    if target == STANDARD_STREAM:
        raise UnknownNameError("--also-source needs a file as target, not standard input", hint="save the input first")
    if options["alignment"] and len(links) != len(sources):
        raise UnknownNameError(f"{len(sources)} --also-source but {len(links)} --also-alignment", hint="one for each")
    if links and not options["alignment"]:
        raise UnknownNameError("--also-alignment needs --alignment", hint="give links for all sources, or for none")
    if len(langs) not in (0, len(sources)):
        raise UnknownNameError(f"{len(sources)} --also-source but {len(langs)} --also-lang", hint="one for each")
    streams = [first]
    for k, source in enumerate(sources):
        reports[source] = ReadReport()
        path = links[k] if links else None
        streams.append(_pairs(source, target, path, langs[k] if langs else None, options, reports[source]))
    for group in zip(*streams, strict=True):
        bad = next((pair for pair in group if isinstance(pair, InputError)), None)
        yield group if bad is None else bad


def _pairs(
    source: str, target: str, links: str | None, lang: str | None, options: Mapping[str, Any], report: ReadReport
) -> Iterator[Pair | InputError]:
    tags = {"scheme": options["scheme"], "repair": options["repair"], "tag_names": options["tag_names"]}
    require_tags = options["recognizer"] is None
    format = options["input_format"]
    return parallel(
        read_sentences(source, format=format, language=lang, require_tags=require_tags, report=report, **tags),
        read_sentences(target, format=format or format_of(target), language=options["lang"], **tags),
        None if links is None else read_alignments(links),
        (source, target, links or ""),
    )
