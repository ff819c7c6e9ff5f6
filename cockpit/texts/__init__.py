"""The texts of the cockpit in other languages; the English text in the code is the key. Imports no other room."""
