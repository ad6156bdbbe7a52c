# For type checkers: what mossfuse/__init__.py offers, with the names that it imports on first use.
from mossfuse.api import fuse as fuse
from mossfuse.protocol import Dataset as Dataset
from mossfuse.protocol import Degradation as Degradation
from mossfuse.protocol import Fusion as Fusion
from mossfuse.protocol import Method as Method
from mossfuse.protocol import Observation as Observation
from mossfuse.protocol import Sensor as Sensor

__version__: str
