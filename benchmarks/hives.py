"""Our hive reader beside others, on a hive that we made: open and look up one path, and walk the whole.

The others are the witnesses: python-registry and regipy in this process, hivexget as a program of its own, whose
start is part of its time. One that is not installed is left out.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import process_time, times
from typing import TYPE_CHECKING
