"""Whether the file of an export shows whole numbers and secrets of URLs: who may not see them any more does not get it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0039_hear_recordings'),
    ]

    operations = [
        migrations.AddField(
            model_name='export',
            name='whole_numbers',
            field=models.BooleanField(help_text='Whether the file has them; empty: by a version that did not say.', null=True),
        ),
        migrations.AddField(
            model_name='export',
            name='secrets',
            field=models.BooleanField(help_text='The same of those of URLs.', null=True),
        ),
    ]
