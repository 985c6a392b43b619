"""Word alignment: encoders compute word vectors, decoders turn similarities into links, statistical aligners learn."""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach_stub(__name__, __file__)
