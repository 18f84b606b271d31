"""What of a stream is not billed stands in its charge. And the groups of existing installations may look at rate cards, or set rates."""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

from cdr.roles import ADMINISTRATOR, BILLING, OPERATOR, RATES, SUPPORT, grant

SEE = ('streams.view_ratecard',)


def allow(apps, schema_editor):
    create_permissions(installed.get_app_config('streams'), apps=apps, verbosity=0, using=schema_editor.connection.alias)
    for role, wanted in ((SUPPORT, SEE), (OPERATOR, SEE), (BILLING, RATES), (ADMINISTRATOR, (*RATES, 'streams.delete_ratecard'))):
        grant(apps, role, wanted)


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0022_charge_newest'),
        ('streams', '0031_rates_of_accounts'),
    ]

    operations = [
        migrations.AddField(
            model_name='charge',
            name='free_seconds',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='charge',
            name='minimum_seconds',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.RunPython(allow, migrations.RunPython.noop),
    ]
