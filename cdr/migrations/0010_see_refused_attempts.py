"""Who looks at gateways may look at refused attempts: in the groups that an installation began with, where they are still there."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

from cdr import roles


def grant(apps, schema_editor):
    """Permissions are made after all migrations; the groups need them now."""
    create_permissions(installed.get_app_config("streams"), apps=apps, verbosity=0, using=schema_editor.connection.alias)
    for role in (roles.SUPPORT, roles.OPERATOR):
        roles.grant(apps, role, ("streams.view_gatewayrefusal",))
    roles.grant(apps, roles.ADMINISTRATOR, ("streams.*",))


class Migration(migrations.Migration):

    dependencies = [
        ('streams', '0007_gateway_resumed'),
        ('cdr', '0009_debug_log_downloads'),
    ]

    operations = [
        migrations.RunPython(grant, migrations.RunPython.noop),
    ]
