from .chat.recognizer import ChatRecognizer as ChatRecognizer
from .ensemble import EnsembleRecognizer as EnsembleRecognizer
from .gazetteer import GazetteerRecognizer as GazetteerRecognizer
from .gliner import GlinerRecognizer as GlinerRecognizer
from .hf import HfRecognizer as HfRecognizer
from .multilingual.recognizer import MultilingualRecognizer as MultilingualRecognizer
from .spacy import SpacyRecognizer as SpacyRecognizer
from .span_marker import SpanMarkerRecognizer as SpanMarkerRecognizer
