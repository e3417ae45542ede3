"""Writing with a decoder: many texts at once, each as if it were alone. See zaohua.language.engine.engine."""
