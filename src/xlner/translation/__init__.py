"""Translators and the guards on their output: text of one language in, text of another out, one for one."""
