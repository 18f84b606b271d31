"""The rate that each account has becomes one that is valid from the beginning; nothing is priced anew."""

from django.db import migrations

from streams.pure.price import BEGINNING

ACCOUNTS_AT_ONCE = 1000
WRITTEN_BY = 'the upgrade'


def copy(apps, schema_editor):
    alias = schema_editor.connection.alias
    rates = apps.get_model('streams', 'Rate').objects.using(alias)
    accounts = apps.get_model('streams', 'Account').objects.using(alias).filter(rates=None).order_by('pk')
    columns = ('pk', 'rate', 'billing_interval_seconds', 'currency')
    rates.bulk_create(
        (
            rates.model(
                account_id=pk, valid_from=BEGINNING, amount=amount, interval_seconds=seconds, currency=currency, created_by=WRITTEN_BY
            )
            for pk, amount, seconds, currency in accounts.values_list(*columns)
        ),
        batch_size=ACCOUNTS_AT_ONCE,
    )


class Migration(migrations.Migration):

    dependencies = [
        ('streams', '0030_rates'),
    ]

    operations = [
        migrations.RunPython(copy, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField(
            model_name='account',
            name='billing_interval_seconds',
        ),
        migrations.RemoveField(
            model_name='account',
            name='currency',
        ),
        migrations.RemoveField(
            model_name='account',
            name='rate',
        ),
    ]
