from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('streams', '0015_fill_number_keys'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='call',
            index=models.Index(fields=['from_key'], name='call_from_key', opclasses=['varchar_pattern_ops']),
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(fields=['from_reversed'], name='call_from_reversed', opclasses=['varchar_pattern_ops']),
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(fields=['to_key'], name='call_to_key', opclasses=['varchar_pattern_ops']),
        ),
        migrations.AddIndex(
            model_name='call',
            index=models.Index(fields=['to_reversed'], name='call_to_reversed', opclasses=['varchar_pattern_ops']),
        ),
    ]
