import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0023_what_is_not_billed'),
        ('streams', '0031_rates_of_accounts'),
    ]

    operations = [
        migrations.CreateModel(
            name='MoneyCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('charges', models.PositiveBigIntegerField(default=0)),
                ('statements', models.PositiveIntegerField(default=0)),
                ('problems', models.JSONField(default=list)),
            ],
            options={
                'ordering': ('-pk',),
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='charge',
            name='account',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='streams.account'),
        ),
        migrations.AddField(
            model_name='charge',
            name='application',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='streams.application'),
        ),
        migrations.AddField(
            model_name='charge',
            name='ended_at',
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name='Statement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(max_length=3)),
                ('month', models.DateField(help_text='Its first day.')),
                ('zone_name', models.CharField(max_length=64, verbose_name='time zone')),
                ('begins_at', models.DateTimeField(null=True)),
                ('ends_at', models.DateTimeField()),
                ('streams', models.PositiveIntegerField()),
                ('seconds', models.PositiveBigIntegerField(verbose_name='duration (s)')),
                ('billed_seconds', models.PositiveBigIntegerField(verbose_name='rounded bill duration (s)')),
                ('charged', models.DecimalField(decimal_places=5, max_digits=24)),
                ('corrected', models.DecimalField(decimal_places=5, max_digits=24)),
                ('sums', models.JSONField()),
                ('closed_at', models.DateTimeField()),
                ('closed_by', models.CharField(max_length=150)),
                ('checked_at', models.DateTimeField(help_text='When it was last seen to agree with its charges, to the last digit.', null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='streams.account')),
            ],
            options={
                'ordering': ('-closed_at', '-id'),
                'permissions': [('close_statement', 'Can close a statement'), ('correct_statement', 'Can give credits and corrections')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Adjustment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(max_length=3)),
                ('amount', models.DecimalField(decimal_places=5, max_digits=15)),
                ('reason', models.CharField(max_length=200)),
                ('at', models.DateTimeField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.CharField(max_length=150)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='adjustments', to='streams.account')),
                ('statement', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='adjustments', to='cdr.statement')),
            ],
            options={
                'ordering': ('at', 'pk'),
                'default_permissions': (),
            },
        ),
        migrations.AddField(
            model_name='charge',
            name='statement',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='cdr.statement'),
        ),
        migrations.AddConstraint(
            model_name='statement',
            constraint=models.UniqueConstraint(fields=('account', 'currency', 'month'), name='statement_once'),
        ),
    ]
