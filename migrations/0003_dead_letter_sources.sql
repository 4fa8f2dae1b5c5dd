-- Which queue takes a queue's dead letters, as an ARN: read from the attributes, so that the two never differ,
-- whichever release wrote the row. Of a policy that names its target twice it is the first.
ALTER TABLE queues ADD COLUMN dead_letter_target TEXT GENERATED ALWAYS AS (
  CASE WHEN json_valid(json_extract(attributes, '$.redrivePolicy'))
       THEN json_extract(json_extract(attributes, '$.redrivePolicy'), '$.deadLetterTargetArn')
  END
) VIRTUAL;

-- Most queues have none, and take no row here.
CREATE INDEX queues_by_dead_letter_target ON queues (dead_letter_target, name)
WHERE dead_letter_target IS NOT NULL;
