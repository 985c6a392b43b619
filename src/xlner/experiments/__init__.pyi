from . import families as families
from . import reproduce as reproduce
