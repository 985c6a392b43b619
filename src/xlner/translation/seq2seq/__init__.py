"""Translation models of Hugging Face: NLLB-200, M2M-100, Marian, MADLAD-400, with PyTorch or CTranslate2."""
