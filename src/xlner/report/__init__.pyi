from .about import RunFacts as RunFacts
from .view import WrittenPage as WrittenPage
from .view import read_results as read_results
from .view import write_page as write_page
