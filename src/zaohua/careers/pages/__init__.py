"""What people read: sections of sentences and tables, written once and shown in the terminal or as one HTML file."""
