import django.core.validators
import django.db.models.deletion
import streams.models.tenants
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('streams', '0029_host_blocks'),
    ]

    operations = [
        migrations.CreateModel(
            name='RateCard',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ('name',),
            },
        ),
        migrations.AddField(
            model_name='account',
            name='closed_until',
            field=models.DateTimeField(editable=False, help_text='Statements up to then are closed.', null=True),
        ),
        migrations.AddField(
            model_name='account',
            name='time_zone',
            field=models.CharField(db_default='UTC', default='UTC', help_text="Where the customer's days and months begin, such as Europe/Berlin: for statements, and rates from a day on.", max_length=64, validators=[streams.models.tenants.time_zone_validator]),
        ),
        migrations.CreateModel(
            name='Rate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('valid_from', models.DateTimeField()),
                ('amount', models.DecimalField(blank=True, decimal_places=5, max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0')), django.core.validators.MaxValueValidator(Decimal('99999.99999'))], verbose_name='price of one interval')),
                ('interval_seconds', models.PositiveIntegerField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(86400)], verbose_name='billing interval (s)')),
                ('currency', models.CharField(blank=True, max_length=3, validators=[streams.models.tenants.currency_validator])),
                ('minimum_seconds', models.PositiveIntegerField(default=0, help_text='A stream that costs anything is billed for at least so long.', validators=[django.core.validators.MaxValueValidator(86400)], verbose_name='minimum duration (s)')),
                ('free_seconds', models.PositiveIntegerField(default=0, help_text='The first seconds of each stream that are not billed.', validators=[django.core.validators.MaxValueValidator(86400)], verbose_name='free seconds')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('created_by', models.CharField(blank=True, max_length=150)),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='rates', to='streams.account')),
                ('card', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='rates', to='streams.ratecard', verbose_name='rate card')),
            ],
            options={
                'ordering': ('valid_from', 'pk'),
                'permissions': [('set_rates', 'Can set rates of accounts and rate cards')],
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(condition=models.Q(('account__isnull', False)), fields=('account', 'valid_from'), name='rate_once_of_account'), models.UniqueConstraint(condition=models.Q(('account__isnull', True)), fields=('card', 'valid_from'), name='rate_once_of_card'), models.CheckConstraint(condition=models.Q(('account__isnull', False), ('card__isnull', False), _connector='OR'), name='rate_is_somebodys'), models.CheckConstraint(condition=models.Q(models.Q(('account__isnull', False), ('amount__isnull', True), ('card__isnull', False), ('interval_seconds__isnull', True)), models.Q(models.Q(('account__isnull', True), ('card__isnull', True), _connector='OR'), ('amount__gte', 0), ('amount__isnull', False), ('currency__gt', ''), ('interval_seconds__gt', 0)), _connector='OR'), name='rate_is_a_price_or_a_card')],
            },
        ),
    ]
