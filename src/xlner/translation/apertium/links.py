"""Apertium translations with links between the words of the text and of the translation, from Apertium itself.

A word-bound blank, `[[t:u:7]]^word/…$`, stays with its word through all stages. Around words of the text, before the
analysis, it would break up multiword units. On lexical units, after the analysis, it changes no translation.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence

from xlner.core.entity import Span
from xlner.core.linked_translation import LinkedTranslation
from xlner.errors import BackendError
from xlner.translation.apertium import stream
from xlner.translation.apertium.failures import failure
from xlner.translation.apertium.installation import Installation
from xlner.translation.apertium.mode_runner import ModeRunner
from xlner.translation.apertium.processes import ChainError

_UNIT = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\^(?P<surface>(?:\\.|[^\\/$])*)(?:\\.|[^\\$])*\$", re.DOTALL)
_BLANK = re.compile(r"\[\[(?P<names>[^\[\]]*)\]\]")
_NAME = re.compile(r"t:u:(\d+)")
_BEGIN, _STOP = "\ue000", "\ue001"
"""Private-use characters that stand for the blanks while the answer becomes text."""
_LAST_STOP = re.compile(rf"\.?({_STOP}?)\[\]\[\n\]$")
_MARKED_WORD = re.compile(r"\[\[(?P<names>[^\[\]]*)\]\](?P<word>\^(?:\\.|[^\\$])*\$)\[\[/\]\]", re.DOTALL)
_FUNCTION_WORD = re.compile(r"\^(?:\\.|[^\\<$])*<(?:det|pr)>", re.DOTALL)
_DETACH = "apertium-wblank-detach"
_PROCESSORS = frozenset({"lt-proc", "hfst-proc"})


class LinkedModes:
    """Translates through modes and links each lexical unit with what became of it.

    `timeout` is in seconds for a sentence.
    """

    def __init__(self, installation: Installation, timeout: float) -> None:
        self._installation = installation
        self._timeout = timeout
        self._runners: dict[str, tuple[ModeRunner, ModeRunner, ModeRunner]] = {}

    def translate(self, texts: Sequence[str], route: Sequence[str]) -> list[LinkedTranslation | Exception]:
        """Translate each text through the modes of a route; a text that gets no answer has an error.

        Raises `BackendError` for a mode that cannot run or cannot keep links.
        """
        done: list[LinkedTranslation | Exception] = [
            LinkedTranslation(text, (((0, len(text)), (0, len(text))),)) for text in texts
        ]
        for leg, name in enumerate(route):
            places = [k for k, linked in enumerate(done) if isinstance(linked, LinkedTranslation)]
            before = [linked for linked in done if isinstance(linked, LinkedTranslation)]
            further = self._run(name, [linked.text for linked in before])
            for k, first, second in zip(places, before, further, strict=True):
                done[k] = _joined(first, second) if leg and isinstance(second, LinkedTranslation) else second
        return done

    def close(self) -> None:
        """End all programs."""
        for runners in self._runners.values():
            for runner in runners:
                runner.close()

    def _run(self, name: str, texts: Sequence[str]) -> list[LinkedTranslation | Exception]:
        if name not in self._runners:
            self._runners[name] = self._start(name)
        analyzer, transfer, generator = self._runners[name]
        cleaned = [stream.clean(text) for text in texts]
        places = [k for k, text in enumerate(cleaned) if text]
        done: list[LinkedTranslation | Exception] = [LinkedTranslation("", ())] * len(texts)
        analyses = analyzer.exchange([stream.encode(cleaned[k]) for k in places])
        chosen = transfer.exchange([_edited(analysis, marked) for analysis in analyses])
        answers = generator.exchange([_edited(words, without_added) for words in chosen])
        for k, analysis, answer in zip(places, analyses, answers, strict=True):
            if isinstance(analysis, ChainError) or isinstance(answer, ChainError):
                error = analysis if isinstance(analysis, ChainError) else answer
                assert isinstance(error, ChainError)
                done[k] = failure(name, texts[k], error)
                continue
            moved = len(texts[k]) - len(texts[k].lstrip()) if cleaned[k] != texts[k] else 0
            units = [(a + moved, b + moved) for a, b in unit_spans(analysis.decode(), cleaned[k])]
            text, ranges = read_answer(answer, cleaned[k])
            links = tuple((units[unit], span) for unit, span in ranges if unit < len(units) and units[unit][1] > 0)
            done[k] = LinkedTranslation(text, links)
        return done

    def _start(self, name: str) -> tuple[ModeRunner, ModeRunner, ModeRunner]:
        """The analyzer of a mode, the transfer, with word-bound blanks detached at its end, and the generator."""
        if shutil.which(_DETACH) is None:
            raise BackendError(
                f"the program {_DETACH!r} is not installed", hint="apt-get install apertium, 3.8 or later"
            )
        commands = self._installation.commands(name)
        generators = [k for k, c in enumerate(commands) if _program(c) in _PROCESSORS and "-n" in c]
        if not generators:
            raise BackendError(f"Apertium mode {name} has no generator that keeps links", hint="use another aligner")
        split = generators[-1]
        transfer = [part for command in commands[1:split] for part in without_dictionary(command)]
        parts = (commands[:1], [*transfer, [_DETACH]], commands[split:])
        analyzer, middle, generator = (ModeRunner(part, timeout=self._timeout) for part in parts)
        return analyzer, middle, generator


def _edited(message: bytes | ChainError, edit: Callable[[str], str]) -> bytes | ChainError:
    return message if isinstance(message, ChainError) else edit(message.decode()).encode()


def marked(analysis: str) -> str:
    r"""Put a blank with its number on every lexical unit of an analysis.

    >>> marked(r"^La/el<det>$ ^casa/casa<n>$\[^./.<sent>$[][\n]")
    '[[t:u:0]]^La/el<det>$ [[t:u:1]]^casa/casa<n>$\\[[[t:u:2]]^./.<sent>$[][\\n]'
    """
    parts = []
    end = 0
    for number, match in enumerate(_units(analysis)):
        parts.append(f"{analysis[end : match.start()]}[[t:u:{number}]]{match[0]}")
        end = match.end()
    return "".join(parts) + analysis[end:]


def without_added(words: str) -> str:
    r"""Remove the blanks of articles and prepositions that were added to another word of the same unit.

    >>> without_added("[[t:u:0]]^el<det><def>$[[/]] [[t:u:0]]^parlamento<n>$[[/]] [[t:u:1]]^en<pr>$[[/]]")
    '^el<det><def>$ [[t:u:0]]^parlamento<n>$[[/]] [[t:u:1]]^en<pr>$[[/]]'
    """
    content = {
        number
        for match in _MARKED_WORD.finditer(words)
        if not _FUNCTION_WORD.match(match["word"])
        for number in _NAME.findall(match["names"])
    }

    def bare(match: re.Match[str]) -> str:
        added = _FUNCTION_WORD.match(match["word"]) and content.issuperset(_NAME.findall(match["names"]))
        return match["word"] if added else match[0]

    return _MARKED_WORD.sub(bare, words)


def unit_spans(analysis: str, text: str) -> list[Span]:
    """Return where each lexical unit is in the text; (0, 0) for one that is not in it, such as the added full stop.

    >>> unit_spans("^La/el<det>$ ^casa/casa<n>$^./.<sent>$[]", "La casa")
    [(0, 2), (3, 7), (0, 0)]
    """
    spans: list[Span] = []
    position = 0
    for match in _units(analysis):
        surface = re.sub(r"\\(.)", r"\1", match["surface"])
        start = text.find(surface, position)
        if start < 0 and len(surface) > 1 and surface.endswith("."):  # it includes the added full stop
            surface = surface[:-1]
            start = text.find(surface, position)
        if start < 0:
            spans.append((0, 0))
        else:
            position = start + len(surface)
            spans.append((start, position))
    return spans


def read_answer(answer: bytes, source: str) -> tuple[str, list[tuple[int, Span]]]:
    r"""Return the text of an answer, and the ranges that the words of each unit have in it.

    >>> read_answer(b"[[t:u:0]]The[[/]] [[t:u:1]]*casa[[/]][[t:u:2]].[[/]][][\n]", "La casa")
    ('The casa', [(0, (0, 3)), (1, (4, 8))])
    """
    names: list[str] = []

    def stand_in(match: re.Match[str]) -> str:
        if match["names"] == "/":
            return _STOP
        names.append(match["names"])
        return _BEGIN

    text = _BLANK.sub(stand_in, answer.decode(errors="replace"))
    text = stream.decode(_LAST_STOP.sub(r"\1", text).encode(), source)
    plain: list[str] = []
    ranges: list[tuple[int, Span]] = []
    opened: list[tuple[str, int]] = []
    names_in_order = iter(names)
    for character in text:
        if character == _BEGIN:
            opened.append((next(names_in_order), len(plain)))
        elif character == _STOP:
            for name, start in opened:
                ranges += [(int(number), (start, len(plain))) for number in _NAME.findall(name)]
            opened = []
        else:
            plain.append(character)
    found = "".join(plain)
    return found.strip(), [(n, span) for n, span in ranges if span[1] > span[0]]


def _units(analysis: str) -> list[re.Match[str]]:
    return [match for match in _UNIT.finditer(analysis) if match["surface"] is not None]


def _joined(first: LinkedTranslation, second: LinkedTranslation) -> LinkedTranslation:
    """The composition of two translations, the second one made from the first."""
    links = {
        (start, end)
        for start, middle in first.links
        for other, end in second.links
        if max(middle[0], other[0]) < min(middle[1], other[1])
    }
    return LinkedTranslation(second.text, tuple(sorted(links)))


def without_dictionary(command: list[str]) -> list[list[str]]:
    """Move the dictionary look-up of older modes from `apertium-transfer`, which loses blanks, to `lt-proc`."""
    files = [argument for argument in command[1:] if not argument.startswith("-")]
    if _program(command) != "apertium-transfer" or {"-b", "-n"} & set(command) or len(files) < 3:
        return [command]
    flags = [argument for argument in command[1:] if argument.startswith("-")]
    return [["lt-proc", "-z", "-b", files[-1]], [command[0], "-b", *flags, *files[:-1]]]


def _program(command: Sequence[str]) -> str:
    return command[0].rpartition("/")[2]
