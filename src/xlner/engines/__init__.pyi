from .run_folder import RunFolder as RunFolder
