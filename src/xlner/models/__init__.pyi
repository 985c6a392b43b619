from .e5.export import export_e5 as export_e5
from .hub import model_folder as model_folder
