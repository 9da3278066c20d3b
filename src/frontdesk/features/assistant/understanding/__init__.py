"""What a reply means: rules that read English and Spanish texts, and ask where they are not sure."""
