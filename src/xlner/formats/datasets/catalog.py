"""Facts about each data set: paths of its files, labels, languages, source and license.

Other packages add data sets with an entry point in the group `xlner.datasets`, whose value is a `Dataset`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from xlner.core.plugins import plugins
from xlner.errors import UnknownNameError
from xlner.text.languages import canonical

SPLITS = ("train", "dev", "test")
_SPLIT_NAMES = {"train": ("train",), "dev": ("dev", "validation", "valid"), "test": ("test",)}
_CONLL_SPLITS = {"train": ("train",), "dev": ("testa", "valid", "dev"), "test": ("testb", "test")}
_WIKIPEDIA = {
    "als": "gsw",
    "bat-smg": "sgs",
    "be-x-old": "be",
    "eml": "egl",
    "fiu-vro": "vro",
    "map-bms": "jv",
    "nds-nl": "nds",
    "roa-rup": "rup",
    "simple": "en",
    "zh-classical": "lzh",
}
_CONLL_CODES = {"deu": "de", "eng": "en", "esp": "es", "ned": "nl"}


@dataclass(frozen=True, slots=True)
class Dataset:
    """A data set.

    - `name`, `title`: its name in specs, and a short description.
    - `languages`: the languages, as the data set names them.
    - `labels`: the labels, in the order of the tag numbers on the hub.
    - `license`, `home`: the license, and where to get the data set.
    - `paths`: where its files can be in a folder, with `{lang}` and `{split}`. Files of one folder that differ only in
      what `*` stands for are the parts of one split. Files without `{split}` are training sets. With `{corpus}` the
      data set is a collection, and calls its languages `CORPUS/LANG`.
    - `format`: the format of the files, any that xlner reads, unless they end in `.parquet`.
    - `splits`: for each split, the names that files use for it.
    - `codes`: the codes of languages that the data set names in another way than ISO 639 or BCP-47.
    - `only`: the language of paths without `{lang}`.
    - `legacy`: whether files can be in ISO 8859-1.
    - `hub`, `config`: the repository with parquet files, and the folder in it.
    - `hub_languages`: the languages on the hub, if these are not all. A treebank that is newer than the list is found
      by its name there, such as `ja_pud`.
    - `checksums`: the SHA-256 of files that never change, by `lang/split`.

    >>> DATASETS["uner"].labels
    ('PER', 'ORG', 'LOC')
    """

    name: str
    title: str
    languages: tuple[str, ...]
    labels: tuple[str, ...]
    license: str
    home: str
    paths: tuple[str, ...]
    format: str = "conll"
    splits: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _SPLIT_NAMES, hash=False)
    codes: Mapping[str, str] = field(default_factory=dict, hash=False)
    only: str = ""
    legacy: bool = False
    hub: str | None = None
    hub_languages: tuple[str, ...] = ()
    config: str = "{lang}"
    checksums: Mapping[str, str] = field(default_factory=dict, hash=False)

    def language(self, name: str) -> str | None:
        """The code of a language that the data set calls `name`; None if there is no such language.

        >>> DATASETS["conll2002"].language("ned"), DATASETS["uner"].language("sv_pud")
        ('nl', 'sv')
        """
        lang = name.rpartition("/")[2]
        try:
            return canonical(self.codes.get(lang, lang.partition("_")[0]))
        except UnknownNameError:
            return None

    def paths_of(self, split: str) -> tuple[str, ...]:
        """The paths that can have a split.

        >>> DATASETS["finerweb"].paths_of("test")
        ()
        """
        return tuple(path for path in self.paths if "{split}" in path or split == "train")

    @property
    def tag_names(self) -> tuple[str, ...]:
        """The names of the tag numbers, in order.

        >>> DATASETS["masakhaner2"].tag_names[5:]
        ('B-LOC', 'I-LOC', 'B-DATE', 'I-DATE')
        """
        return ("O", *(f"{prefix}-{label}" for label in self.labels for prefix in "BI"))


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_MASAKHANE = _names("bam bbj ewe fon hau ibo kin lug luo mos nya pcm sna swa tsn twi wol xho yor zul")
_MASAKHANER_X = _names("am bbj bm ee ha ig lg luo mos ny pcm rw sn sw tn tw wo xh yo zu")
_XTREME = _names(
    "af ar az bg bn de el en es et eu fa fi fr gu he hi hu id it ja jv ka kk ko lt ml mr ms my nl pa pl pt qu ro ru "
    "sw ta te th tl tr uk ur vi yo zh"
)
_UNER = _names(
    "ceb_gja da_ddt de_pud en_ewt en_pud hr_set pt_bosque pt_pud ru_pud sk_snk sr_set sv_pud sv_talbanken tl_trg "
    "tl_ugnayan zh_gsd zh_gsdsimp zh_pud"
)
_MULTICONER = _names("bn de en es fa fr hi it pt sv uk zh")
_MULTICONER_LABELS = _names(
    "Facility OtherLOC HumanSettlement Station VisualWork MusicalWork WrittenWork ArtWork Software MusicalGRP "
    "PublicCORP PrivateCORP AerospaceManufacturer SportsGRP CarManufacturer ORG Scientist Artist Athlete "
    "Politician Cleric SportsManager OtherPER Clothing Vehicle Food Drink OtherPROD Medication/Vaccine "
    "MedicalProcedure AnatomicalStructure Symptom Disease"
)
_PANX_PATHS = (
    "{lang}/{split}",
    "{lang}-{split}",
    "{split}-{lang}.tsv",
    "panx_dataset/{lang}/{split}",
    "panx_dataset/{lang}-{split}",
    "panx/{split}-{lang}.tsv",
)

_ALL = (
    Dataset(
        name="conll2002",
        title="CoNLL-2002, Spanish and Dutch news",
        languages=("es", "nl"),
        labels=("PER", "ORG", "LOC", "MISC"),
        license="not stated, research use",
        home="https://www.clips.uantwerpen.be/conll2002/ner/",
        paths=("{lang}.{split}", "data/{lang}.{split}", "ner/data/{lang}.{split}"),
        splits=_CONLL_SPLITS,
        codes=_CONLL_CODES,
        legacy=True,
        hub="eriktks/conll2002",
    ),
    Dataset(
        name="conll2003",
        title="CoNLL-2003, English and German news",
        languages=("en", "de"),
        labels=("PER", "ORG", "LOC", "MISC"),
        license="Reuters (en) and ECI (de) agreements, research use",
        home="https://www.clips.uantwerpen.be/conll2003/ner/",
        paths=("{lang}.{split}", "{split}.txt", "ner/{lang}.{split}"),
        splits=_CONLL_SPLITS,
        codes=_CONLL_CODES,
        only="eng",
        legacy=True,
        hub="eriktks/conll2003",
        hub_languages=("en",),
        config="conll2003",
    ),
    Dataset(
        name="europarl-ner",
        title="Europarl-NER, 799 parallel sentences",
        languages=("de", "en", "es", "it"),
        labels=("PER", "ORG", "LOC", "MISC"),
        license="no known restriction",
        home="https://github.com/ixa-ehu/ner-evaluation-corpus-europarl",
        paths=("{lang}-europarl.{split}.conll02",),
        checksums={
            "de/test": "0441cd4f8895f8fbe18e5660388fbfc7c423eaf80c93f67fe75f6f4f5ba7cc04",
            "en/test": "c760bdac18678e8715c5ef882516006cc4cb08564abfebcd63e4075b00d07efc",
            "es/test": "ab1cd8bd29d3e30953db6323cf6337fcc5b2d6feacb8f199d3f69d53616e7aad",
        },
    ),
    Dataset(
        name="finerweb",
        title="FiNERweb, 91 languages, web text with labels by language models",
        languages=(),
        labels=(),
        license="CC BY 4.0; text of FineWeb-2, ODC-By 1.0",
        home="https://huggingface.co/datasets/whoisjones/fiNERweb",
        paths=("data/{lang}-*-of-*.parquet", "{lang}-*-of-*.parquet"),
        hub="whoisjones/fiNERweb",
    ),
    Dataset(
        name="masakhaner2",
        title="MasakhaNER 2.0, news in African languages",
        languages=_MASAKHANE,
        labels=("PER", "ORG", "LOC", "DATE"),
        license="CC BY-NC 4.0 (the hub says AFL 3.0)",
        home="https://github.com/masakhane-io/masakhane-ner",
        paths=("{lang}/{split}.txt", "data/{lang}/{split}.txt", "MasakhaNER2.0/data/{lang}/{split}.txt"),
        hub="masakhane/masakhaner2",
    ),
    Dataset(
        name="masakhaner-x",
        title="MasakhaNER-X, raw text with spans, of XTREME-UP",
        languages=_MASAKHANER_X,
        labels=("PER", "ORG", "LOC", "DATE"),
        license="not stated; made of MasakhaNER, CC BY-NC 4.0",
        home="https://github.com/masakhane-io/masakhane-ner",
        paths=(
            "{split}/{lang}.jsonl",
            "MasakhaNER-X/{split}/{lang}.jsonl",
            "xtreme-up/MasakhaNER-X/{split}/{lang}.jsonl",
        ),
        format="masakhaner-x",
    ),
    Dataset(
        name="multiconer-v2",
        title="MultiCoNER v2, 33 fine types, short noisy texts",
        languages=_MULTICONER,
        labels=_MULTICONER_LABELS,
        license="CC BY 4.0",
        home="https://registry.opendata.aws/multiconer",
        paths=("{lang}_{split}.conll", "*/{lang}_{split}.conll", "{lang}-{split}.conll", "*/{lang}-{split}.conll"),
    ),
    Dataset(
        name="open-ner",
        title="OpenNER 1.0, 36 corpora in 52 languages, in one form",
        languages=(),
        labels=("LOC", "ORG", "PER"),
        license="that of each corpus",
        home="https://github.com/bltlab/open-ner",
        paths=(
            "{corpus}/{lang}/{split}-*.parquet",
            "{lang}/{split}.bio",
            "{lang}/{split}.conll",
            "*/{lang}/{split}.bio",
            "*/{lang}/{split}.conll",
            "{lang}.{split}.bio",
            "{lang}.{split}.conll",
        ),
        codes={"jap": "ja"},
        hub="bltlab/open-ner-core-types",
    ),
    Dataset(
        name="open-ner-standardized",
        title="OpenNER 1.0 with all types of its corpora",
        languages=(),
        labels=(),
        license="that of each corpus",
        home="https://github.com/bltlab/open-ner",
        paths=("{corpus}/{lang}/{split}-*.parquet",),
        codes={"jap": "ja"},
        hub="bltlab/open-ner-standardized",
    ),
    Dataset(
        name="pan-x",
        title="PAN-X of XTREME, Wikipedia with automatic labels",
        languages=_XTREME,
        labels=("PER", "ORG", "LOC"),
        license="not stated; text of Wikipedia, CC BY-SA",
        home="https://github.com/google-research/xtreme",
        paths=_PANX_PATHS,
        codes=_WIKIPEDIA,
        hub="google/xtreme",
        config="PAN-X.{lang}",
    ),
    Dataset(
        name="uner",
        title="Universal NER v1 and v2, treebanks of Universal Dependencies",
        languages=_UNER,
        labels=("PER", "ORG", "LOC"),
        license="CC BY-SA 4.0, or that of the treebank",
        home="https://www.universalner.org",
        paths=("{lang}-ud-{split}.iob2", "*/{lang}-ud-{split}.iob2"),
        codes={"qaf_arabizi": "arq"},
        hub="universalner/universal_ner",
    ),
    Dataset(
        name="wikiann",
        title="WikiANN, 176 languages, Wikipedia with automatic labels",
        languages=(),
        labels=("PER", "ORG", "LOC"),
        license="not stated; text of Wikipedia, CC BY-SA",
        home="https://github.com/afshinrahimi/mmner",
        paths=_PANX_PATHS,
        codes=_WIKIPEDIA,
        hub="unimelb-nlp/wikiann",
    ),
)
DATASETS: Mapping[str, Dataset] = {dataset.name: dataset for dataset in _ALL}
"""The data sets of xlner by name."""
GROUP = "xlner.datasets"
"""The group of entry points."""


def all_datasets() -> dict[str, Dataset]:
    """The data sets by name: those of xlner, then those of other packages. Raises `BackendError` for a broken one.

    >>> list(all_datasets())[:2]
    ['conll2002', 'conll2003']
    """
    found = plugins(GROUP, "data set", lambda value: isinstance(value, Dataset)).values()
    return {**DATASETS, **{dataset.name: dataset for dataset in found if dataset.name not in DATASETS}}
