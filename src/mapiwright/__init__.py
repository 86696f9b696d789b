"""Mapiwright installs MAPI message services on Windows workstations and looks after their profiles.

The public names are handed out lazily, so that ``mapiwright --version`` loads no library.
"""

__version__ = "0.1.0"
