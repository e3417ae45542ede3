"""From what people call their work to an occupation: codes, titles in English and Chinese, synonyms, typing errors."""
