"""Prompts of chat models that were trained for translation.

A template is the text of the user message; there is no system message. `{source}` and `{target}` stand for the names of
the languages, `{source_code}` and `{target_code}` for their codes, and `{text}` for the text. TranslateGemma's own chat
template makes the same message from its fields; an endpoint for chat gets it as text.
"""

from __future__ import annotations

import re
from pathlib import Path

from xlner.errors import UsageError

TEMPLATES = {
    "translategemma": (
        "You are a professional {source} ({source_code}) to {target} ({target_code}) translator. Your goal is to "
        "accurately convey the meaning and nuances of the original {source} text while adhering to {target} grammar, "
        "vocabulary, and cultural sensitivities.\nProduce only the {target} translation, without any additional "
        "explanations or commentary. Please translate the following {source} text into {target}:\n\n\n{text}"
    ),
    "tower": "Translate the following text from {source} into {target}.\n{source}: {text}\n{target}:",
    "hunyuan": "Translate the following segment into {target}, without additional explanation.\n\n{text}",
}
"""The templates that have names: of TranslateGemma, of Tower, and of Hunyuan-MT."""
_FIELD = re.compile(r"\{(source_code|target_code|source|target|text)\}")


def template_named(name: str) -> str:
    """Return the template with this name, or the text of a file.

    Raises `UsageError` if there is no such template or file, or if the file does not have `{text}`.

    >>> template_named("hunyuan")[:9]
    'Translate'
    """
    if name in TEMPLATES:
        return TEMPLATES[name]
    try:
        text = Path(name).read_text(encoding="utf-8").strip("\n")
    except (OSError, ValueError):
        raise UsageError(
            f"no template {name!r}", hint=f"give a file of text, or one of {', '.join(TEMPLATES)}"
        ) from None
    if "{text}" not in text:
        raise UsageError(f"the template in {name} does not say where the text goes", hint="write {text} there")
    return text


def filled(template: str, **values: str) -> str:
    """Return a template with its fields filled. Other braces stay.

    >>> filled("{target}: {text} {0}", target="German", text="{source}", source="English")
    'German: {source} {0}'
    """
    return _FIELD.sub(lambda match: values[match[1]], template)
