from . import (
    alignment as alignment,
)
from . import (
    core as core,
)
from . import (
    engines as engines,
)
from . import (
    errors as errors,
)
from . import (
    evaluation as evaluation,
)
from . import (
    experiments as experiments,
)
from . import (
    fakes as fakes,
)
from . import (
    formats as formats,
)
from . import (
    models as models,
)
from . import (
    pipeline as pipeline,
)
from . import (
    projection as projection,
)
from . import (
    recognition as recognition,
)
from . import (
    report as report,
)
from . import (
    stages as stages,
)
from . import (
    text as text,
)
from . import (
    transfer as transfer,
)
from . import (
    translation as translation,
)
from ._version import __version__ as __version__
from .core import Alignment as Alignment
from .core import Entity as Entity
from .core import LabelMap as LabelMap
from .core import Outcome as Outcome
from .core import Pair as Pair
from .core import Projection as Projection
from .core import Reason as Reason
from .core import Repair as Repair
from .core import Scheme as Scheme
from .core import Sentence as Sentence
from .core import Signature as Signature
from .core import load as load
from .core import register as register
from .errors import BackendError as BackendError
from .errors import InputError as InputError
from .errors import UsageError as UsageError
from .errors import ValidationError as ValidationError
from .errors import XlnerError as XlnerError
from .evaluation import Scores as Scores
from .evaluation import compare as compare
from .evaluation import evaluate as evaluate
from .evaluation import evaluate_alignments as evaluate_alignments
from .evaluation import find_errors as find_errors
from .formats import raise_errors as raise_errors
from .formats import read_alignments as read_alignments
from .formats import read_pairs as read_pairs
from .formats import read_parallel as read_parallel
from .formats import read_sentences as read_sentences
from .formats import write_pairs as write_pairs
from .formats import write_sentences as write_sentences
from .pipeline import Pipeline as Pipeline
from .pipeline import RecognitionPipeline as RecognitionPipeline
from .pipeline import TrainingDataBuilder as TrainingDataBuilder
from .transfer import Ensemble as Ensemble
