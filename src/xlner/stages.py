"""What a stage is, and what a stage can do beyond its one method.

A stage is any object with the method of its protocol: a batch in, a list of the same length and order out. Everything
else that a stage may offer is a protocol of its own below, and `isinstance` tells whether a stage has it:

| protocol | what it adds |
|---|---|
| `DirectedTranslator` | says which directions it translates |
| `StartingTranslator` | starts programs before the first text |
| `RetryingTranslator` | translates again in another way |
| `IsolatingTranslator` | gives the error of a text in the place of its translation |
| `IsolatingLinkTranslator`, `IsolatingLabelTranslator` | the same, with links or labels |
| `ShieldingTranslator` | keeps addresses, @names and other verbatim text by itself |
| `ExternalTranslator` | says whether it works without the CPU of this process |
| `StoppingStage` | stops after too many failures in a row; any stage |
| `LinkingTranslator` | translates and says which words became which |
| `LabelingTranslator` | translates labels along with the text |
| `MarkingTranslator` | was trained to keep markers around entities |
| `PhraseScoringTranslator` | scores how well two phrases translate each other |
| `IsolatingRecognizer` | gives the error of a sentence in the place of its entities |
| `ProbabilisticRecognizer` | gives class probabilities for every word |
| `TrainableAligner` | learns from a bitext before it aligns |
| `TargetEntityProjector` | wants the entities that the target sentence has |
| `IsolatingProjector` | gives the error of a pair in the place of its projection |
| `GroupProjector` | projects from several sources at once |
| `DependentOptions` | a class whose options depend on other options |
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from xlner.core.alignment import Alignment
from xlner.core.entity import Entity
from xlner.core.linked_translation import LinkedTranslation
from xlner.core.pair import Pair, Projection
from xlner.core.registry import DependentOptions
from xlner.core.sentence import Sentence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

T = TypeVar("T")
R = TypeVar("R")

__all__ = [
    "Aligner",
    "DependentOptions",
    "DirectedTranslator",
    "ExternalTranslator",
    "GroupProjector",
    "IsolatingLabelTranslator",
    "IsolatingLinkTranslator",
    "IsolatingProjector",
    "IsolatingRecognizer",
    "IsolatingTranslator",
    "LabelingTranslator",
    "LinkingTranslator",
    "MarkingTranslator",
    "PhraseScorer",
    "PhraseScoringTranslator",
    "ProbabilisticRecognizer",
    "Projector",
    "Recognizer",
    "RetryingTranslator",
    "ShieldingTranslator",
    "StartingTranslator",
    "StoppingStage",
    "TargetEntityProjector",
    "TrainableAligner",
    "Translator",
    "check_stopped",
    "fingerprint_of",
    "needs_training",
    "project_each",
    "recognize_each",
    "summary_of",
    "translate_each",
    "without_errors",
]


@runtime_checkable
class Translator(Protocol):
    """Turns texts of one language into texts of another, one for one.

    >>> from xlner.fakes import EchoTranslator
    >>> isinstance(EchoTranslator(), Translator)
    True
    """

    def translate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """Translate each text; language codes as `xlner.text.languages.canonical` gives them."""
        ...


@runtime_checkable
class Recognizer(Protocol):
    """Finds entities in tokenized sentences.

    >>> from xlner.fakes import DictionaryRecognizer
    >>> isinstance(DictionaryRecognizer({}), Recognizer)
    True
    """

    def recognize(self, sentences: Sequence[Sentence]) -> list[list[Entity]]:
        """The entities of each sentence; token spans, disjoint."""
        ...


@runtime_checkable
class Aligner(Protocol):
    """Links the words of source and target sentences.

    >>> from xlner.fakes import OracleAligner
    >>> isinstance(OracleAligner(), Aligner)
    True
    """

    def align(self, pairs: Sequence[Pair]) -> list[Alignment]:
        """The links of each pair; every pair has a source."""
        ...


@runtime_checkable
class Projector(Protocol):
    """Projects source entities onto the target sentence.

    >>> from xlner.projection import HullProjector
    >>> isinstance(HullProjector(), Projector)
    True
    """

    def project(self, pairs: Sequence[Pair]) -> list[Projection]:
        """The labeled target sentence and outcomes of each pair; every pair has a source and an alignment."""
        ...


@runtime_checkable
class DirectedTranslator(Translator, Protocol):
    """A translator that knows which directions it can translate in.

    >>> from xlner.translation import ApertiumTranslator, LexiconTranslator
    >>> issubclass(ApertiumTranslator, DirectedTranslator), issubclass(LexiconTranslator, DirectedTranslator)
    (True, False)
    """

    def check_direction(self, from_lang: str, to_lang: str) -> None:
        """Raise `BackendError` where it cannot translate in this direction. Called before any model is loaded."""
        ...


@runtime_checkable
class StartingTranslator(Translator, Protocol):
    """A translator that can start its programs before the first text, so that they load while other stages load.

    >>> from xlner.translation import ApertiumTranslator, NllbTranslator
    >>> issubclass(ApertiumTranslator, StartingTranslator), issubclass(NllbTranslator, StartingTranslator)
    (True, False)
    """

    def start(self, from_lang: str, to_lang: str) -> None:
        """Start what a direction needs, without waiting for it."""
        ...


@runtime_checkable
class RetryingTranslator(Translator, Protocol):
    """A translator that can translate a text again in another way, for instance with a search that avoids loops.

    >>> from xlner.translation import ApertiumTranslator, NllbTranslator
    >>> issubclass(NllbTranslator, RetryingTranslator), issubclass(ApertiumTranslator, RetryingTranslator)
    (True, False)
    """

    def retranslate(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str]:
        """Another translation of each text."""
        ...


@runtime_checkable
class IsolatingTranslator(Translator, Protocol):
    """A translator that gives the error of a text in the place of its translation.

    No text is then asked for again because another one failed.

    >>> from xlner.translation import ChatTranslator, NllbTranslator
    >>> issubclass(ChatTranslator, IsolatingTranslator), issubclass(NllbTranslator, IsolatingTranslator)
    (True, False)
    """

    def translate_each(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[str | Exception]:
        """The translation of each text, or its error."""
        ...


@runtime_checkable
class ShieldingTranslator(Translator, Protocol):
    """A translator that keeps verbatim text by itself, by `xlner.translation.shield` or otherwise.

    No other shield is then put around it.

    >>> from xlner.fakes import EchoTranslator
    >>> from xlner.translation import ApertiumTranslator
    >>> isinstance(ApertiumTranslator(), ShieldingTranslator), isinstance(EchoTranslator(), ShieldingTranslator)
    (True, False)
    """

    @property
    def shields_verbatim(self) -> bool:
        """Whether it does so, in all of its methods, with its present options."""
        ...


@runtime_checkable
class ExternalTranslator(Translator, Protocol):
    """A translator that says whether it works without the CPU of this process: in programs, on a server or on a GPU.

    Pipelines then translate the next sentences while other stages work.

    >>> from xlner.fakes import EchoTranslator
    >>> from xlner.translation import ApertiumTranslator
    >>> isinstance(ApertiumTranslator(), ExternalTranslator), isinstance(EchoTranslator(), ExternalTranslator)
    (True, False)
    """

    @property
    def is_external(self) -> bool:
        """Whether it does so with its present options."""
        ...


@runtime_checkable
class StoppingStage(Protocol):
    """A stage that stops after too many failures in a row.

    >>> from xlner.translation import ChatTranslator, NllbTranslator
    >>> issubclass(ChatTranslator, StoppingStage), issubclass(NllbTranslator, StoppingStage)
    (True, False)
    """

    def check_stopped(self) -> None:
        """Raise `StoppedError`, once, if it has stopped since the last call."""
        ...


@runtime_checkable
class LinkingTranslator(Translator, Protocol):
    """A translator that says which part of a text became which part of its translation.

    >>> from xlner.translation import ApertiumTranslator, NllbTranslator
    >>> issubclass(ApertiumTranslator, LinkingTranslator), issubclass(NllbTranslator, LinkingTranslator)
    (True, False)
    """

    def translate_linked(self, texts: Sequence[str], *, from_lang: str, to_lang: str) -> list[LinkedTranslation]:
        """The translation of each text with its links. Raises `BackendError`, also for no texts, where it cannot."""
        ...


@runtime_checkable
class IsolatingLinkTranslator(LinkingTranslator, Protocol):
    """A translator that gives links, and the error of a text in the place of its translation.

    >>> from xlner.translation import ApertiumTranslator, LexiconTranslator
    >>> issubclass(ApertiumTranslator, IsolatingLinkTranslator), issubclass(LexiconTranslator, IsolatingLinkTranslator)
    (True, False)
    """

    def translate_linked_each(
        self, texts: Sequence[str], *, from_lang: str, to_lang: str
    ) -> list[LinkedTranslation | Exception]:
        """The translation of each text with its links, or its error."""
        ...


@runtime_checkable
class LabelingTranslator(Translator, Protocol):
    """A translator that takes labels along by itself.

    >>> from xlner.translation import ApertiumTranslator, ChatTranslator
    >>> issubclass(ChatTranslator, LabelingTranslator), issubclass(ApertiumTranslator, LabelingTranslator)
    (True, False)
    """

    def translate_labeled(self, sentences: Sequence[Sentence], *, from_lang: str, to_lang: str) -> list[Projection]:
        """The labeled translation of each sentence, with one outcome per entity."""
        ...


@runtime_checkable
class IsolatingLabelTranslator(LabelingTranslator, Protocol):
    """A translator that takes labels along, and gives the error of a sentence in the place of its translation.

    >>> from xlner.translation import ApertiumTranslator, ChatTranslator
    >>> issubclass(ChatTranslator, IsolatingLabelTranslator), issubclass(ApertiumTranslator, IsolatingLabelTranslator)
    (True, False)
    """

    def translate_labeled_each(
        self, sentences: Sequence[Sentence], *, from_lang: str, to_lang: str
    ) -> list[Projection | Exception]:
        """The labeled translation of each sentence, or its error."""
        ...


@runtime_checkable
class MarkingTranslator(Translator, Protocol):
    """A translator that was trained to keep markers around entities.

    >>> from xlner.fakes import EchoTranslator
    >>> isinstance(EchoTranslator(), MarkingTranslator)  # LabelPigeonTranslator is one
    False
    """

    @property
    def markers(self) -> str:
        """The name of the style of its markers, see `xlner.projection.MarkerStyle`."""
        ...


@runtime_checkable
class PhraseScorer(Protocol):
    """Scores pairs of phrases, such as the direct translation probability of NMTScore (Vamvas and Sennrich 2022).

    >>> from xlner.translation import NmtScore
    >>> issubclass(NmtScore, PhraseScorer)
    True
    """

    def score(self, entity_texts: Sequence[str], candidate_texts: Sequence[str]) -> ArrayLike:
        """One number, 0 or more, for each entity text with the candidate text at the same place."""
        ...


@runtime_checkable
class PhraseScoringTranslator(Translator, Protocol):
    """A translator that scores how well two phrases translate each other.

    >>> from xlner.translation import ApertiumTranslator, NllbTranslator
    >>> issubclass(NllbTranslator, PhraseScoringTranslator), issubclass(ApertiumTranslator, PhraseScoringTranslator)
    (True, False)
    """

    def phrase_scorer(self, source_lang: str, target_lang: str) -> PhraseScorer:
        """The scorer for a pair of languages. Raises `BackendError` where it cannot translate in both directions."""
        ...


@runtime_checkable
class IsolatingRecognizer(Recognizer, Protocol):
    """A recognizer that gives the error of a sentence in the place of its entities.

    >>> from xlner.recognition import ChatRecognizer, GazetteerRecognizer
    >>> issubclass(ChatRecognizer, IsolatingRecognizer), issubclass(GazetteerRecognizer, IsolatingRecognizer)
    (True, False)
    """

    def recognize_each(self, sentences: Sequence[Sentence]) -> list[list[Entity] | Exception]:
        """The entities of each sentence, or its error."""
        ...


@runtime_checkable
class ProbabilisticRecognizer(Recognizer, Protocol):
    """A recognizer that gives the probability of every class for every word.

    >>> from xlner.fakes import DictionaryRecognizer
    >>> isinstance(DictionaryRecognizer({}), ProbabilisticRecognizer)  # it gives entities only
    False
    """

    classes: Sequence[str]
    """The IOB2 classes, `O` among them."""

    def probabilities(self, sentences: Sequence[Sentence]) -> list[NDArray[np.float32]]:
        """The probabilities of each sentence, shape `(n_words, n_classes)`."""
        ...


@runtime_checkable
class TrainableAligner(Aligner, Protocol):
    """An aligner that learns from a bitext before it aligns.

    >>> from xlner.fakes import OracleAligner
    >>> isinstance(OracleAligner(), TrainableAligner)
    False
    """

    @property
    def trained(self) -> bool:
        """Whether it has a model to align with."""
        ...

    @property
    def training_options(self) -> Mapping[str, object]:
        """What a model depends on besides the bitext."""
        ...

    def train(self, pairs: Iterable[Pair], folder: str | Path) -> TrainableAligner:
        """Learn from a bitext, save the model in a new folder, and return an aligner that has it."""
        ...

    def with_model(self, folder: str | Path) -> TrainableAligner:
        """This aligner with the model of a folder."""
        ...


@runtime_checkable
class TargetEntityProjector(Projector, Protocol):
    """A projector that may choose among entities that the target sentence has already.

    >>> from xlner.projection import FusedProjector
    >>> projector = FusedProjector("align", candidates="ner")
    >>> isinstance(projector, TargetEntityProjector) and projector.reads_target_entities
    True
    """

    @property
    def reads_target_entities(self) -> bool:
        """Whether it wants the entities of the target sentence with its present options."""
        ...


@runtime_checkable
class IsolatingProjector(Projector, Protocol):
    """A projector that gives the error of a pair in the place of its projection.

    >>> from xlner.projection import BackTranslationProjector, HullProjector
    >>> issubclass(BackTranslationProjector, IsolatingProjector), issubclass(HullProjector, IsolatingProjector)
    (True, False)
    """

    def project_each(self, pairs: Sequence[Pair]) -> list[Projection | Exception]:
        """The projection of each pair, or its error."""
        ...


@runtime_checkable
class GroupProjector(Projector, Protocol):
    """A projector that projects from several sources at once.

    >>> from xlner.projection import HullProjector, MultiSourceProjector
    >>> isinstance(MultiSourceProjector(), GroupProjector), isinstance(HullProjector(), GroupProjector)
    (True, False)
    """

    source_weights: Sequence[float] | None
    """One weight per source; None where all count alike."""

    def project_groups(self, groups: Sequence[Sequence[Pair]]) -> list[tuple[Projection, ...]]:
        """One projection per pair of each group. All pairs of a group have the same target."""
        ...


def fingerprint_of(stage: object) -> str:
    """A string that changes with everything that the results of a stage depend on.

    It is the `fingerprint` of the stage, or the name of its class where it has none; `none` for no stage.

    >>> fingerprint_of(None)
    'none'
    """
    if stage is None:
        return "none"
    return str(getattr(stage, "fingerprint", type(stage).__qualname__))


def translate_each(
    translator: Translator, texts: Sequence[str], *, from_lang: str, to_lang: str
) -> list[str | Exception]:
    """The translation of each text, or its error where the translator is an `IsolatingTranslator`.

    Any other translator raises what its `translate` raises.

    >>> from xlner.fakes import EchoTranslator
    >>> translate_each(EchoTranslator(), ["Vigo"], from_lang="gl", to_lang="en")
    ['Vigo']
    """
    if isinstance(translator, IsolatingTranslator):
        return translator.translate_each(texts, from_lang=from_lang, to_lang=to_lang)
    return list(translator.translate(texts, from_lang=from_lang, to_lang=to_lang))


def recognize_each(recognizer: Recognizer, sentences: Sequence[Sentence]) -> Sequence[Sequence[Entity] | Exception]:
    """The entities of each sentence, or its error where the recognizer is an `IsolatingRecognizer`.

    Any other recognizer raises what its `recognize` raises.

    >>> from xlner.fakes import DictionaryRecognizer
    >>> recognize_each(DictionaryRecognizer({}), [])
    []
    """
    if isinstance(recognizer, IsolatingRecognizer):
        return recognizer.recognize_each(sentences)
    return recognizer.recognize(sentences)


def project_each(projector: Projector, pairs: Sequence[Pair]) -> Sequence[Projection | Exception]:
    """The projection of each pair, or its error where the projector is an `IsolatingProjector`.

    Any other projector raises what its `project` raises.

    >>> from xlner.projection import HullProjector
    >>> project_each(HullProjector(), [])
    []
    """
    return projector.project_each(pairs) if isinstance(projector, IsolatingProjector) else projector.project(pairs)


def without_errors(results: Sequence[T | Exception], *, by: object = None) -> list[T]:
    """The results of a batch. Raises the first error among them, or why the stage `by` has stopped.

    >>> without_errors(["Vigo"])
    ['Vigo']
    """
    kept: list[T] = []
    for result in results:
        if isinstance(result, Exception):
            check_stopped(by)
            raise result
        kept.append(result)
    return kept


def check_stopped(*stages: object) -> None:
    """Raise `StoppedError` if one of these is a `StoppingStage` that has stopped.

    >>> check_stopped(None)
    """
    for stage in stages:
        if isinstance(stage, StoppingStage):
            stage.check_stopped()


def needs_training(aligner: object) -> bool:
    """True for an aligner that learns from a bitext and has not done so yet.

    >>> from xlner.fakes import OracleAligner
    >>> needs_training(OracleAligner())
    False
    """
    return isinstance(aligner, TrainableAligner) and not aligner.trained


def summary_of(stage: object) -> str:
    """One line about a stage for people, as `xlner doctor` shows it.

    It is the `summary` of the stage, which may raise `BackendError` to say what is missing, or the first paragraph of
    its docstring.

    >>> from xlner.fakes import OracleAligner
    >>> summary_of(OracleAligner()).partition(",")[0]
    'Knows the links of given sentence pairs'
    """
    if hasattr(type(stage), "summary"):
        return str(stage.summary)  # type: ignore[attr-defined]
    paragraph = (inspect.getdoc(type(stage)) or "").partition("\n\n")[0]
    return " ".join(paragraph.split()).removesuffix(".")
