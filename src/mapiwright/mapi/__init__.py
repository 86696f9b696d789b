"""The field's nouns and verbs: pure values, no input or output."""
