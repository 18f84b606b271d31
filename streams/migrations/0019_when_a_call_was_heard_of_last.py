from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("streams", "0018_play_failed_messages")]

    operations = [
        migrations.AlterField(
            model_name="call",
            name="renewed_at",
            field=models.DateTimeField(editable=False, help_text="When its gateway was heard of last.", null=True),
        ),
    ]
