-- Rows as the program with schema version 1 wrote them; TestMigrationFromVersion1
-- says what they mean. The key beside this file was made for it alone.
INSERT INTO installation VALUES(1,118476894428463104,X'01a213b6c77bfb479f382000d35a48f941faf0a3579c200bff42da31f64e10');
INSERT INTO tenants VALUES(1,'Müller & Söhne','müller & söhne','Pbx.example','pbx.example','c1','{"WEB_DOMAIN":{"host":"sip.example","udp":5060,"tls":5061}}','["ntp.example"]','Etc/UTC','ENGLISH','USA','https://prov.example/',1440,3600,'*97','*8','["10.0.0.0/8"]',15,1795420800123,1795420800123);
INSERT INTO users VALUES(2,1,'101','Zoë','zoë','auth101','auth101',X'014ec890081e60d3bbe3ff2ff7fd0fedaf9308646e57212deae05bf2c5aab3240685e61606b0eb99bb',X'01dc0e213488128a0b3f167d635bb97e9d3e4a1f6e8c990fe8ec058fd8db81ff03','[{"kind":"blf","value":"102","label":"Anna","first_name":"An","last_name":"Na"}]',1795420800123,1795420800123);
INSERT INTO users VALUES(3,1,'102','Anna','anna','','',X'011a786515a530536e1b62feae96e03c6ffb6e564b878f50ab84d838a0',X'014e45140eabb73b71e68fb09bd292a0ac1644eb5d03b7663edeaf83cf','null',1795420800123,1795420800123);
INSERT INTO devices VALUES(4,1,2,'001565aabbcc','yealink.xml','Yealink','T54W',X'015d26080585d9900c3b6bb04153703517300da59d5dadf54c0ed54c2f5b46df3129528dc55f3a9b06','Europe/Berlin','GERMAN','["PCMA","G722"]','WEB_DOMAIN','TLS',1,1,X'01a4dacfeef608d1f6d660510f93287da97292ed7cd48ce177407271a40adfe287fe5340f79c117f',X'23e75836958c39646ed9d9142e57270f5bc6004636b403d47f9e48a7d178a18c',1795420800123,1795420800123);
INSERT INTO devices VALUES(5,1,NULL,'000413ddeeff','snom_m.xml','Snom','M700',X'011b32e7e48755b2d0a3f11d729dfc4af5b59db05fed06333a78c663e89771019a4378a472f4159371','Europe/Berlin','GERMAN','["PCMA","G722"]','WEB_DOMAIN','TLS',1,1,X'0131b4e66a06e5113ad1002d8d6d6f7be07e1c6dad186bdd50ab5db5e55aa18f63e9b5b830b4d7',X'e1501ed8b13353b142a74ba6cc0c712c6e6dd59b48bf01caea9a1a2406505d65',1795420800123,1795420800123);
INSERT INTO phones VALUES(4,'BLIND','a','b','c','d','e','f','g','h',1,1,100,5,1,200,3,'SN',X'01adb4f191aa6c6b9fd000012cb29d6c4cade2c8c338a7f9198e2eed6147c294f9',X'01f06bdce813aee566f4ba00aa66ba0153f0cbd70086c3b3febc15d2510230c702');
INSERT INTO dect_phones VALUES(5,'Hall','hall','DEU',X'01a1936524c8fe1e604bdb0de93ac6dacc58b4c59e278baf464e74224215e9bb12',X'017e36b3b8e013ea078acb2d5c387f2ae58218eaa21d7081fcef5ef73ddd01985dc24d9198','EU','GERMAN',30);
INSERT INTO dect_members VALUES(5,1,1,2,'0123456789');
INSERT INTO dect_members VALUES(5,2,1,3,NULL);
INSERT INTO templates VALUES(1,'own.xml',replace(replace('<template/>\r\n','\r',char(13)),'\n',char(10)),1795420800123);
INSERT INTO sightings VALUES(1,'001565aabbcc','Yealink','T54W','96.86','192.0.2.7','UA',1795420800123,1795420800123,1,1,4);
INSERT INTO fetches VALUES(1,'001565aabbcc',1,1,1795420800123,'001565aabbcc.cfg','L2',200,10,'192.0.2.7','UA','Yealink','T54W','96.86','r');
INSERT INTO enrolments VALUES(6,1,'001565aabbcc',1795420800123,1795421700123);
INSERT INTO enrolment_uses VALUES(6,'001565aabbcc');
INSERT INTO accounts VALUES(7,0,'Root','root',X'01eb7e02d8ad6357126033acbcfcdd26be224a46855111e55f038ad3e86e5e678c4551db9f0d446c302dd7d3a92c9495','admin',0,1,1795420800123);
INSERT INTO tokens VALUES(8,'access',X'e905083b7ff7dd694a461fd035a281061f8f89244b0fce9fc987a69011b70904',0,7,0,'sign-in','sign-in','admin',1,9,1795420800123,1795424400123,1795420800123);
INSERT INTO audit VALUES(118476894428463104,1795420800123,1,'root','192.0.2.1','phone.create','phone 001565aabbcc');
