"""The formats of annotation tools and of libraries, one module for each: what `read` and `write` are called with is in
`xlner.formats.registry`.
"""
