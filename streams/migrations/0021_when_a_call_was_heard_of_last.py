from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("streams", "0020_streams_limit_holds_for_xml")]

    operations = [
        migrations.AlterField(
            model_name="call",
            name="renewed_at",
            field=models.DateTimeField(editable=False, help_text="When its gateway was heard of last.", null=True),
        ),
    ]
