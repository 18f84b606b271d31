"""One more rule that an installation begins with: an account has reached a spending limit of its own. Where nobody has one it says nothing."""

from decimal import Decimal

from django.db import migrations

NAME = 'An account has reached its spending limit'


def make_rule(apps, schema_editor):
    rules = apps.get_model('cdr', 'AlertRule').objects.using(schema_editor.connection.alias)
    rules.get_or_create(name=NAME, defaults={'kind': 'spending_limit', 'threshold': Decimal(1), 'scope': 'each_account', 'least_count': 0})


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0027_totals_of_exports'),
    ]

    operations = [
        migrations.RunPython(make_rule, migrations.RunPython.noop),
    ]
