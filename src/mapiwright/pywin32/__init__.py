"""The administration objects under the names, argument orders and return shapes of pywin32, on any operating system.

An existing script runs after a prefix on its imports: ``from mapiwright.pywin32 import mapi, mapitags, mapiutil``.
What pywin32 lacks, and is ours, is named so in the docstring of its module.
"""
