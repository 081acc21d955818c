

import django.db.models.deletion
import rapport.kernel.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('kernel', '0006_sign_in'),
    ]

    operations = [
        migrations.CreateModel(
            name='FileUpload',
            fields=[
                ('id', models.UUIDField(default=rapport.kernel.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=64)),
                ('uploader_id', models.UUIDField(null=True)),
                ('name', models.CharField(max_length=255)),
                ('type', models.CharField(max_length=100)),
                ('size', models.PositiveBigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField()),
                ('attached_at', models.DateTimeField(null=True)),
                ('workspace', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='kernel.workspace')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('attached_at', None)), fields=['created_at'], name='fileupload_waiting_ix')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'key'), name='fileupload_key_once')],
            },
        ),
    ]
