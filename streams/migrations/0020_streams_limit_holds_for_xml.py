"""The limit of live streams held for the API only, and was 100 where nobody had set it. It holds for the streams of XML as well now: who never
set it gets what a new account gets, so that nobody's calls are cut by an upgrade."""

from django.db import migrations

OLD_DEFAULT, NEW_DEFAULT = 100, 500


def raise_the_old_default(apps, schema_editor):
    apps.get_model("streams", "Account").objects.filter(concurrent_streams_limit=OLD_DEFAULT).update(concurrent_streams_limit=NEW_DEFAULT)


class Migration(migrations.Migration):
    dependencies = [("streams", "0019_concurrency_limits")]
    operations = [migrations.RunPython(raise_the_old_default, migrations.RunPython.noop)]
