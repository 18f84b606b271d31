import streams.models.tenants
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('streams', '0013_silence_filled'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='call',
            name='call_from_number',
        ),
        migrations.RemoveIndex(
            model_name='call',
            name='call_to_number',
        ),
        migrations.AddField(
            model_name='account',
            name='country',
            field=models.CharField(blank=True, default='', help_text="Two capital letters, such as GB. Calls are found by it: numbers without a country code are read as that country's.", max_length=2, validators=[streams.models.tenants.country_validator]),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='call',
            name='from_key',
            field=models.CharField(blank=True, default='', editable=False, max_length=100),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='call',
            name='from_reversed',
            field=models.CharField(blank=True, default='', editable=False, max_length=20),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='call',
            name='to_key',
            field=models.CharField(blank=True, default='', editable=False, max_length=100),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='call',
            name='to_reversed',
            field=models.CharField(blank=True, default='', editable=False, max_length=20),
            preserve_default=False,
        ),
    ]
