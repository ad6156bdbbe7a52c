# For type checkers: what mossfuse/__init__.py offers, with the names that it imports on first use.
from mossfuse.api import fuse as fuse
from mossfuse.errors import MossFuseError as MossFuseError
from mossfuse.metrics.specification import Column as Column
from mossfuse.metrics.specification import Metric as Metric
from mossfuse.protocol import Dataset as Dataset
from mossfuse.protocol import Degradation as Degradation
from mossfuse.protocol import Effect as Effect
from mossfuse.protocol import Fusion as Fusion
from mossfuse.protocol import Method as Method
from mossfuse.protocol import Observation as Observation
from mossfuse.protocol import Parameter as Parameter
from mossfuse.protocol import PsfFamily as PsfFamily
from mossfuse.protocol import Published as Published
from mossfuse.protocol import RemoteFile as RemoteFile
from mossfuse.protocol import Response as Response
from mossfuse.protocol import Sensor as Sensor

__version__: str
