"""What `manage.py doctor` looks at: of the machine, the stores, the work and the secrets, each finding with what to do.

`findings` is what is found, `examining` runs examinations so that none can hang the others."""
