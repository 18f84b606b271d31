"""The accounts whose rows alone an export may hold: of one that was asked for at the desk."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cdr', '0033_invitations'),
    ]

    operations = [
        migrations.AddField(
            model_name='export',
            name='accounts',
            field=models.JSONField(db_default=[], default=list, help_text='Keys of those whose rows alone it may hold; none: whoever may see the list.'),
        ),
    ]
