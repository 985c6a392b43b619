from .past_run import PastRun as PastRun
from .past_run import read_past_run as read_past_run
from .run import AnyPipeline as AnyPipeline
from .run import run_pipeline as run_pipeline
from .run_folder import DEFAULT_SHARD_SIZE as DEFAULT_SHARD_SIZE
from .run_folder import RunFolder as RunFolder
from .run_folder import file_digest as file_digest
