from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0026_find_charges'),
    ]

    operations = [
        migrations.AddField(
            model_name='export',
            name='totals',
            field=models.JSONField(db_default={}, default=dict, help_text="By currency, of what was written: as cdr.pure.statement's Figures."),
        ),
    ]
