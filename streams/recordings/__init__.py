"""What streams heard and what was played to their calls, kept where their application has it recorded: written, found, and removed."""
