import django.core.validators
import streams.models.tenants
from decimal import Decimal
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('streams', '0032_web_processes'),
    ]

    operations = [
        migrations.AddField(
            model_name='account',
            name='spending_currency',
            field=models.CharField(db_default='USD', default='USD', help_text='What is spent in another one does not count.', max_length=3, validators=[streams.models.tenants.currency_validator], verbose_name='currency of the limits'),
        ),
        migrations.AddField(
            model_name='account',
            name='spending_stop_at',
            field=models.DecimalField(blank=True, decimal_places=5, help_text='When so much is spent, no new stream is begun until the month is over or the limit is raised: the API answers 402, and a call whose answer asks for streams is hung up with the cause 1050. What streams already goes on. Empty: no limit.', max_digits=15, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.00001')), django.core.validators.MaxValueValidator(Decimal('9999999999.99999'))], verbose_name='stop at (a month)'),
        ),
        migrations.AddField(
            model_name='account',
            name='spending_stopped_at',
            field=models.DateTimeField(editable=False, help_text='Since when no stream is begun.', null=True),
        ),
        migrations.AddField(
            model_name='account',
            name='spending_warn_at',
            field=models.DecimalField(blank=True, decimal_places=5, help_text="When so much is spent in a month of the account's time zone, the console and alerts say so. Empty: never.", max_digits=15, null=True, validators=[django.core.validators.MinValueValidator(Decimal('0.00001')), django.core.validators.MaxValueValidator(Decimal('9999999999.99999'))], verbose_name='warn at (a month)'),
        ),
        migrations.AddField(
            model_name='account',
            name='spending_warned_at',
            field=models.DateTimeField(editable=False, help_text='Since when as much is spent as is warned at.', null=True),
        ),
    ]
