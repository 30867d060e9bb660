-- a copy must not tell other systems what happens to its links
UPDATE payment_link_webhook
   SET state = 'off',
       off_reason = 'copy'
 WHERE state = 'on'
    OR off_reason = 'failing';
