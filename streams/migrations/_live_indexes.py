"""Indexes that are built and dropped while calls go on, where the database can do that: for migrations that no transaction holds together.

So each step can be done again. Must not know which indexes. (Django takes no module for a migration whose name begins with an underscore.)"""

from django.db import migrations


class AddIndexLive(migrations.AddIndex):
    """On PostgreSQL without keeping anybody from writing; one whose building was cut off is built anew."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        _build(schema_editor, to_state.apps.get_model(app_label, self.model_name), self.index)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        _drop(schema_editor, self.index.name)


class RemoveIndexLive(migrations.RemoveIndex):
    """On PostgreSQL without waiting, with a lock, for who reads."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        _drop(schema_editor, self.name)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        index = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
        _build(schema_editor, to_state.apps.get_model(app_label, self.model_name), index)


def _build(schema_editor, model, index):
    _drop(schema_editor, index.name)
    schema_editor.add_index(model, index, **({"concurrently": True} if _can_go_on(schema_editor) else {}))


def _drop(schema_editor, name):
    schema_editor.execute(f'DROP INDEX {"CONCURRENTLY " if _can_go_on(schema_editor) else ""}IF EXISTS "{name}"')


def _can_go_on(schema_editor):
    return schema_editor.connection.vendor == "postgresql"
